import type { ErrorCode } from '@weir/client';
import { counting } from '@weir/react';

const count = counting('en');

/** Every word of the app itself, in English; those of the call's components are in @weir/react. */
export const english = {
  product: 'Weir',
  tagline: 'Video calls on your own server.',

  // Start
  roomName: 'Name of the room',
  roomNamePlaceholder: 'morning-round',
  openRoom: 'Open the room',
  newRoom: 'New room with a random name',
  openHint: 'Everybody who opens the same room name meets you there.',
  roomNameBad: 'Use letters and digits; blanks become dashes.',
  recent: 'Recent rooms',
  forget: (room: string) => `Forget ${room}`,
  notFound: 'There is no such page.',
  toStart: 'To the start page',
  faultTitle: 'This page has a fault',
  faultText: 'Reload it: you come straight back into the call.',
  reload: 'Reload',

  language: 'Language',
  shortcuts: 'Keyboard shortcuts',
  keys: {
    M: 'Microphone on or off',
    V: 'Camera on or off',
    S: 'Share the screen, or stop',
    H: 'Raise or lower the hand',
    C: 'Chat',
    P: 'Participants',
    'PageUp / PageDown': 'Other participants',
    Esc: 'Close the panel',
    '?': 'This list',
  } as Readonly<Record<string, string>>,
  close: 'Close',

  // Preview
  previewTitle: (room: string) => `Join ${room}`,
  previewHint: 'Check your picture and sound, then join.',
  testConnection: 'Test my connection',
  guest: 'Guest',
  entering: 'Joining the call…',
  cancel: 'Cancel',

  // Lobby
  lobbyTitle: 'You are in the lobby',
  lobbyText: 'A moderator will let you in soon. Keep this page open; you join by itself.',

  // Call
  copyLink: 'Copy link',
  copied: 'Link copied',
  aloneTitle: 'You are the first one here.',
  aloneText: 'Send the link to those you want to meet.',
  people: (people: number) => (people === 1 ? 'Only you' : count(people, { one: 'person', other: 'people' })),

  // Banner
  offline: 'Your device is offline. You come back by itself once the network does.',
  reconnecting: 'Connection lost. Getting you back in…',
  reconnectingHint: 'Your place in the call is kept.',
  audioOnly: 'Your internet carries only the sound now. The pictures come back by themselves.',

  // News
  joined: (name: string) => `${name} joined`,
  left: (name: string) => `${name} left`,
  lost: (name: string) => `${name} lost the connection`,
  removed: (name: string) => `${name} was removed`,
  handRaised: (name: string) => `${name} raised a hand`,
  sharing: (name: string) => `${name} is sharing the screen`,
  waits: (name: string) => `${name} waits in the lobby`,
  show: 'Show',
  dismiss: 'Dismiss',
  back: 'You are back in the call.',
  mediaReset: 'Picture and sound are being set up again.',
  mutedByModerator: 'A moderator muted your microphone.',
  cameraStopped: 'A moderator stopped your camera.',
  screenStopped: 'A moderator stopped your screen share.',
  unlocked: 'You may turn it on again.',
  nowModerator: 'You are a moderator now.',
  notModerator: 'You are no longer a moderator.',
  failed: (what: string, hint: string) => `${what}: that did not work. ${hint}`,

  // End for everybody
  endTitle: 'End the call for everybody?',
  endText: 'All participants leave at once. The room can be opened again later.',
  endConfirm: 'End for everybody',

  // Ended
  rejoin: 'Rejoin',
  details: 'Details',
  leftTitle: 'You left the call',
  leftText: 'You can come back at any time.',

  /** Why a call ended or could not be joined, by code of the error table. */
  ends: {
    'room-ended': {
      title: 'The call was ended',
      text: 'A moderator ended it for everybody.',
      again: 'Open it again',
    },
    removed: {
      title: 'You were removed from the call',
      text: 'A moderator removed you. Ask them if you think it was a mistake.',
    },
    'lobby-refused': {
      title: 'You were not let in',
      text: 'A moderator did not admit you to this call.',
      again: 'Ask again',
    },
    'session-replaced': {
      title: 'The call goes on elsewhere',
      text: 'You joined this call in another tab or on another device, so this one was closed.',
      again: 'Take it back here',
    },
    forbidden: {
      title: 'You have no access to this room',
      text: 'Rooms here open by invitation only. Ask whoever invited you for a new link.',
    },
    unauthenticated: {
      title: 'This link does not work',
      text: 'It may be incomplete. Open the invitation again, or ask for a new link.',
    },
    'token-expired': { title: 'This link has expired', text: 'Ask whoever invited you for a new link.' },
    'room-not-found': {
      title: 'There is no such room',
      text: 'Check the name of the room, or ask for a new link.',
    },
    'bad-request': {
      title: 'This address does not work',
      text: 'Check the name of the room: letters, digits and dashes.',
    },
    'room-full': {
      title: 'The room is full',
      text: 'As many people as it has room for are already there. Try again when somebody has left.',
      again: 'Try again',
    },
    'rate-limited': {
      title: 'Too many tries',
      text: 'Wait a minute, then try again.',
      again: 'Try again',
    },
    'no-media-node': {
      title: 'The service is busy',
      text: 'No server has room for one more call right now. Try again in a moment.',
      again: 'Try again',
    },
    'unsupported-version': {
      title: 'This page is out of date',
      text: 'The service was updated. Reload the page and join again.',
      again: 'Reload',
    },
    'codec-unsupported': {
      title: 'This browser cannot take part',
      text: 'It lacks the video formats of this call. Use a current Chrome, Edge, Firefox or Safari.',
    },
    network: {
      title: 'The service cannot be reached',
      text: 'Check your network. If others cannot join either, the service itself may be down.',
      again: 'Try again',
    },
    other: {
      title: 'The call could not go on',
      text: 'Something went wrong on our side. Try again.',
      again: 'Try again',
    },
  } satisfies Partial<Record<ErrorCode | 'network' | 'other', EndWords>>,
};

export type AppWords = Omit<typeof english, 'ends'> & { ends: Record<keyof typeof english.ends, EndWords> };

/** The words of the language that the page speaks now; read anew in each render. */
export let words: AppWords = english;

/** Puts another language in place. What shows words has to be rendered again. */
export function setWords(next: AppWords): void {
  words = next;
}

/** `again`: the button that tries once more; absent where that is no use. */
export type EndWords = { title: string; text: string; again?: string };

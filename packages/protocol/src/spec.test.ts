import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorTable } from '@weir/core';
import { describe, expect, test } from 'vitest';
import { limits, subprotocol } from './limits.ts';
import { mediaControl, mediaNode } from './media-control.ts';
import { mediaPipes, pipeEdge } from './media-pipes.ts';
import { signalingClient, signalingServer } from './signaling.ts';

const text = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');
const rules = new Map(
  [...text.matchAll(/^\*\*((?:SG|MC|DI)\d+)\*\* ([\s\S]*?)(?=\n\n|\n$(?![\s\S]))/gm)].map(
    ([, rule, body]) => [rule!, body!],
  ),
);

/** The names of rules that tests anywhere in the repository cite. */
function citedRules(): Set<string> {
  const root = new URL('../../..', import.meta.url).pathname;
  const cited = new Set<string>();
  for (const group of ['packages', 'services', 'apps', 'tools', 'e2e'])
    for (const entry of readdirSync(join(root, group), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.test\.tsx?$/.test(entry.name) || entry.parentPath.includes('node_modules'))
        continue;
      const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
      for (const [, rule] of source.matchAll(/\[((?:SG|MC|DI)\d+)\]/g)) cited.add(rule!);
    }
  return cited;
}

describe('SPEC.md', () => {
  test('gives each number to one rule', () => {
    for (const group of ['SG', 'MC', 'DI'])
      expect([...rules.keys()].filter((rule) => rule.startsWith(group)).length).toBeGreaterThan(5);
    expect(text.match(/^\*\*(SG|MC|DI)/gm)).toHaveLength(rules.size);
  });

  test('has the rules that the tests cite', () => {
    const cited = citedRules();
    expect(cited).toContain('SG4');
    expect([...cited].filter((rule) => !rules.has(rule))).toEqual([]);
  });

  test('speaks of every message', () => {
    const spoken = (name: string) =>
      text.includes(`\`${name}\``) ||
      text.includes(`\`${name.split('.')[0]}.*\``) ||
      text.includes(`${name} {`);
    const contracts = [signalingServer, signalingClient, mediaNode, mediaControl, mediaPipes, pipeEdge];
    const names = contracts.flatMap((contract) => [
      ...Object.keys(contract.requests),
      ...Object.keys(contract.notifications),
    ]);
    expect(names.filter((name) => !spoken(name))).toEqual([]);
  });

  test('names errors that exist', () => {
    const codes = Object.keys(errorTable);
    const named = [...text.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, code]) => code!);
    expect(named.length).toBeGreaterThan(20);
    expect([...new Set(named)].filter((code) => !codes.includes(code))).toEqual([]);
    for (const [, closeCode, code] of text.matchAll(/\b(4\d\d\d) `([a-z-]+)`/g))
      expect(Number(closeCode), code).toBe(4000 + errorTable[code as keyof typeof errorTable].status);
  });

  const kib = (bytes: number) => (bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`);
  const seconds = (ms: number) => `${ms / 1000} s`;
  test.each([
    ['SG8', seconds(limits.requestTimeoutMs)],
    ['SG9', `${limits.pendingRequests} requests`],
    ['SG9', `${limits.pendingNodeRequests.toLocaleString('en')} between nodes`],
    ['SG10', kib(limits.clientMessageBytes)],
    ['SG10', kib(limits.serverMessageBytes)],
    [
      'SG11',
      `${limits.clientMessageRate.perSecond} messages a second, ${limits.clientMessageRate.burst} at once`,
    ],
    ['SG12', kib(limits.socketBacklogBytes)],
    ['SG14', `nothing for ${seconds(limits.pingAfterMs)}`],
    ['SG14', `when ${seconds(limits.pingTimeoutMs)} later`],
    ['SG14', seconds(limits.pendingPingAfterMs)],
    ['SG14', seconds(limits.narrowSilenceMs)],
    ['SG15', `\`${subprotocol}\``],
    ['SG16', seconds(limits.unauthenticatedSocketMs)],
    ['SG22', `connection by ${seconds(limits.resumeWindowMs)}`],
    ['SG22', `${seconds(limits.reconnectingGraceMs)} after the loss`],
    ['SG22', `${seconds(limits.orphanGraceMs)} after a node was found dead`],
    ['SG22', `ends ${seconds(limits.placementMs)} after`],
    ['SG24', `the last ${limits.roomLogEvents.toLocaleString('en')} changes`],
    ['SG30', `${limits.tracksPerParticipant} tracks`],
    ['SG33', kib(limits.dataPayloadBytes)],
    ['SG33', `${limits.dataMessageRate.perSecond} a second, ${limits.dataMessageRate.burst} at once`],
    ['SG34', `${limits.subscriptionsPerRequest} tracks`],
    ['SG48', `more than ${limits.microphonesWithoutSlots} microphones`],
    ['SG48', `${limits.audioSlots} sound streams`],
    ['SG40', kib(limits.lossyPayloadBytes)],
    [
      'SG44',
      `${limits.preferenceRate.perSecond} tracks a second, ${limits.preferenceRate.burst.toLocaleString('en')} at once`,
    ],
    ['SG45', `at most ${limits.receiveTransports} in all`],
    ['SG69', `${limits.sendTransports} at most`],
    ['DI1', seconds(limits.placementMs)],
  ])('%s says "%s" like limits.ts', (rule, words) => {
    expect(rules.get(rule)?.replaceAll('\n', ' ')).toContain(words);
  });
});

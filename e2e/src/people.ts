import { mintJoinToken } from '@weir/auth';
import type { Platform } from '@weir/cli';
import type { Grants, Source } from '@weir/protocol';
import { browserKitScript, type FakeDevicesOptions } from '@weir/testing';
import { pageBundle } from './page-bundle.ts';
import { chromiumTabs, type Tab, type TabBrowser } from './tabs.ts';

export type PersonOptions = {
  room?: string;
  name?: string;
  grants?: Partial<Grants>;
  /** Where the page believes the director to be, when not at the platform itself (impairment proxies). */
  url?: string;
  autoSubscribe?: boolean;
  devices?: FakeDevicesOptions;
  /** Runs in the page before all else. */
  script?: string;
  /** Do not join yet. */
  away?: boolean;
};

/** A person at a browser: a page with the SDK, joined to a room. */
export class Person {
  readonly identity: string;
  readonly page: Tab;
  readonly #token: string;
  readonly #options: PersonOptions;
  readonly #url: string;

  constructor(identity: string, page: Tab, url: string, token: string, options: PersonOptions) {
    this.identity = identity;
    this.page = page;
    this.#url = url;
    this.#token = token;
    this.#options = options;
  }

  get roomOptions() {
    const { autoSubscribe = true } = this.#options;
    return { url: this.#url, token: this.#token, autoSubscribe };
  }

  /** Puts the page up (again): its script runs anew, as after a reload. */
  async load(): Promise<void> {
    await this.page.goto(`${this.#url}/healthz`);
  }

  /** Answers the participant id. */
  join(): Promise<string> {
    return this.page.evaluate((options) => seat.join(options), this.roomOptions);
  }

  sees(other: Person, source?: Source): Promise<true | string> {
    return this.page.evaluate(({ identity, source }) => seat.sees(identity, source), {
      identity: other.identity,
      source,
    });
  }

  /** The same; what is missing is told with all that is known of it. */
  async looksAt(other: Person, source?: Source): Promise<true | string> {
    const seen = await this.sees(other, source);
    return seen === true || `${seen}: ${await this.account(other, source)}`;
  }

  /** All that is known of how the other's picture comes here. */
  async account({ identity, page }: Person, source?: Source): Promise<string> {
    const [received, sent] = await Promise.all([
      this.page.evaluate(({ identity, source }) => seat.account(identity, source), { identity, source }),
      page.evaluate(() => seat.sending()),
    ]);
    return `${received}; ${identity} sends ${sent}`;
  }

  hears(other: Person): Promise<number> {
    return this.page.evaluate((identity) => seat.hears(identity), other.identity);
  }

  /** What happened on the page so far, as `type detail` lines. */
  async log(): Promise<string[]> {
    return this.page.evaluate(() => seat.log.map(({ type, detail }) => `${type} ${detail}`.trim()));
  }

  close(): Promise<void> {
    return this.page.close();
  }
}

/** Where people go, and the key that signs their tokens. */
export type MeetingPlace = Pick<Platform, 'urls' | 'apiKey'>;

/** People in the tabs of one browser; closing it ends them all. */
export class People implements AsyncDisposable {
  readonly #browser: TabBrowser;
  readonly #platform: MeetingPlace;

  constructor(browser: TabBrowser, platform: MeetingPlace) {
    this.#browser = browser;
    this.#platform = platform;
  }

  /** In Chromium, unless another browser is given. */
  static async of(platform: MeetingPlace, browser?: TabBrowser): Promise<People> {
    return new People(browser ?? (await chromiumTabs()), platform);
  }

  /** Mints a token and opens a page; joins unless `away`. */
  async join(identity: string, options: PersonOptions = {}): Promise<Person> {
    const token = await this.token(identity, options);
    const kit = browserKitScript({ fakeDevices: options.devices ?? {} });
    const script = [options.script ?? '', kit, await pageBundle()].join(';\n');
    const page = await this.#browser.open(script, (error) => console.error(`[${identity}]`, error));
    const person = new Person(identity, page, options.url ?? this.#platform.urls.local, token, options);
    await person.load();
    if (!options.away) await person.join();
    return person;
  }

  token(identity: string, { room = 'room', name = '', grants = {} }: PersonOptions = {}): Promise<string> {
    return mintJoinToken(this.#platform.apiKey, { room, sub: identity, name, grants }, { ttlSeconds: 3_600 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
  }
}

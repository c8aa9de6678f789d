import { mintJoinToken } from '@weir/auth';
import type { Platform } from '@weir/cli';
import type { Grants } from '@weir/protocol';
import { browserKitScript, launchChromium } from '@weir/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { pageBundle } from './page-bundle.ts';

export type PersonOptions = {
  room?: string;
  name?: string;
  grants?: Partial<Grants>;
  /** Where the page believes the director to be, when not at the platform itself (impairment proxies). */
  url?: string;
  autoSubscribe?: boolean;
  /** Do not join yet. */
  away?: boolean;
};

/** A person at a browser: a page with the SDK, joined to a room. */
export class Person {
  readonly identity: string;
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #token: string;
  readonly #options: PersonOptions;
  readonly #url: string;

  constructor(
    identity: string,
    page: Page,
    context: BrowserContext,
    url: string,
    token: string,
    options: PersonOptions,
  ) {
    this.identity = identity;
    this.page = page;
    this.#context = context;
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
    await this.page.addScriptTag({ content: await pageBundle() });
  }

  /** Answers the participant id. */
  join(): Promise<string> {
    return this.page.evaluate((options) => seat.join(options), this.roomOptions);
  }

  sees(other: Person, source?: string): Promise<true | string> {
    return this.page.evaluate(([identity, source]) => seat.sees(identity!, source), [other.identity, source]);
  }

  hears(other: Person): Promise<number> {
    return this.page.evaluate((identity) => seat.hears(identity), other.identity);
  }

  /** What happened on the page so far, as `type detail` lines. */
  async log(): Promise<string[]> {
    return this.page.evaluate(() => seat.log.map(({ type, detail }) => `${type} ${detail}`.trim()));
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

/** People in browsers, all in one Chromium; closing it ends them all. */
export class People implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #platform: Platform;

  constructor(browser: Browser, platform: Platform) {
    this.#browser = browser;
    this.#platform = platform;
  }

  static async of(platform: Platform): Promise<People> {
    return new People(await launchChromium(), platform);
  }

  /** Mints a token and opens a page; joins unless `away`. */
  async join(identity: string, options: PersonOptions = {}): Promise<Person> {
    const token = await this.token(identity, options);
    const context = await this.#browser.newContext({ bypassCSP: true, ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.addInitScript({ content: browserKitScript({ fakeDevices: {} }) });
    const person = new Person(
      identity,
      page,
      context,
      options.url ?? this.#platform.urls.local,
      token,
      options,
    );
    page.on('pageerror', (error) => console.error(`[${identity}]`, error));
    await person.load();
    if (!options.away) await person.join();
    return person;
  }

  token(identity: string, { room = 'room', name = '', grants = {} }: PersonOptions = {}): Promise<string> {
    return mintJoinToken(this.#platform.apiKey, { room, sub: identity, name, grants }, { ttlSeconds: 3_600 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

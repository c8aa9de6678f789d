import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PlatformError } from '@weir/core';
import type { Browser as ChromiumBrowser } from 'playwright-core';
import type { Browser as PuppeteerBrowser } from 'puppeteer-core';

export type LaunchOptions = {
  /** Found on PATH when left out. `network.executable(host, path)` runs it on another host. */
  executablePath?: string;
  /** Further arguments. */
  args?: string[];
  headless?: boolean;
  timeoutMs?: number;
};

const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream=fps=10', // Several pages encode 720 lines on few cores.
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--allow-loopback-in-peer-connection',
];

const firefoxPreferences = {
  'media.navigator.streams.fake': true,
  'media.navigator.audio.fake_frequency': 440, // Like the kit's tone, which Firefox plays only with a sound card.
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.autoplay.default': 0,
  'devtools.jsonview.enabled': false, // A page of JSON is a bare page, not a viewer.
};

/** A Chromium with fake devices and a profile of its own; closing it ends its processes and removes the profile. */
export async function launchChromium(options: LaunchOptions = {}): Promise<ChromiumBrowser> {
  const { chromium } = await import('playwright-core'); // Only who launches a browser pays for loading it.
  return chromium.launch({
    executablePath: options.executablePath ?? (await chromiumPath()),
    headless: options.headless ?? true,
    args: [...chromiumArgs, ...(options.args ?? [])],
    timeout: options.timeoutMs ?? 30_000,
  });
}

/**
 * The same without a log of the network, for measurements of memory: where a driver asks for that log, a page's process keeps what it was
 * ever answered. Driven by Puppeteer, which can leave it off.
 */
export async function launchUnloggedChromium(options: LaunchOptions = {}): Promise<PuppeteerBrowser> {
  const { launch } = await import('puppeteer-core');
  return launch({
    browser: 'chrome',
    executablePath: options.executablePath ?? (await chromiumPath()),
    headless: options.headless ?? true,
    args: [...chromiumArgs, ...(options.args ?? [])],
    networkEnabled: false,
    timeout: options.timeoutMs ?? 30_000,
  });
}

/** A Firefox with fake devices and a profile of its own; closing it ends its processes and removes the profile. */
export async function launchFirefox(options: LaunchOptions = {}): Promise<PuppeteerBrowser> {
  const { launch } = await import('puppeteer-core');
  return launch({
    browser: 'firefox',
    executablePath: options.executablePath ?? (await firefoxPath()),
    headless: options.headless ?? true,
    args: options.args ?? [],
    extraPrefsFirefox: firefoxPreferences,
    timeout: options.timeoutMs ?? 60_000,
  });
}

/**
 * What Chromium calls itself in a window, for its contexts: pages that are no secure context are not told the brand, and
 * "HeadlessChrome" is unknown to most.
 */
export function windowUserAgent(browser: ChromiumBrowser): string {
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${browser.version()} Safari/537.36`;
}

/** Where Chromium is installed; `CHROMIUM_BIN` overrides. Throws `not-found`. */
export function chromiumPath(): Promise<string> {
  return findExecutable('CHROMIUM_BIN', ['chromium', 'chromium-browser', 'google-chrome']);
}

/** Where Firefox is installed; `FIREFOX_BIN` overrides. Throws `not-found`. */
export function firefoxPath(): Promise<string> {
  return findExecutable('FIREFOX_BIN', ['firefox', 'firefox-esr']);
}

async function findExecutable(variable: string, names: string[]): Promise<string> {
  const chosen = process.env[variable];
  if (chosen) return chosen;
  for (const name of names)
    for (const directory of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(directory, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (directory && found) return path;
    }
  throw new PlatformError('not-found', `none of ${names.join(', ')} is on PATH; set ${variable}`);
}

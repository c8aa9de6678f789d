import { type LaunchOptions, launchChromium, launchFirefox, windowUserAgent } from '@weir/testing';
import type { Page } from 'playwright-core';

/** A page of any browser, as far as people need it. */
export type Tab = Pick<Page, 'evaluate' | 'goto'> & { close(): Promise<void> };

/** A browser whose tabs run a script before anything of the page's own; closing it ends them all. */
export type TabBrowser = AsyncDisposable & {
  open(script: string, onError: (error: Error) => void): Promise<Tab>;
};

/** Each tab has cookies, storage and permissions of its own. Takes any certificate. */
export async function chromiumTabs(options: LaunchOptions = {}): Promise<TabBrowser> {
  const browser = await launchChromium(options);
  return {
    async open(script, onError) {
      const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        userAgent: windowUserAgent(browser),
      });
      const page = await context.newPage();
      await page.addInitScript({ content: script });
      page.on('pageerror', onError);
      return {
        evaluate: page.evaluate.bind(page) as Page['evaluate'],
        goto: page.goto.bind(page),
        close: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

export async function firefoxTabs(): Promise<TabBrowser> {
  const browser = await launchFirefox();
  return {
    async open(script, onError) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      await page.evaluateOnNewDocument(script);
      page.on('pageerror', (error) => onError(error as Error));
      return {
        // Both libraries take a function and one argument; their types know more ways, each its own.
        evaluate: page.evaluate.bind(page) as unknown as Page['evaluate'],
        goto: page.goto.bind(page) as unknown as Page['goto'],
        close: () => context.close(),
      };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

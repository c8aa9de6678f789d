import { type DevicesKit, type FakeDevicesOptions, installDevices } from './devices.ts';
import { type FrameCodeKit, installFrameCode } from './frame-code.ts';
import { installMeasures, type MeasureKit } from './measure.ts';
import { installSources, type SourcesKit } from './sources.ts';

/** What the kit offers inside a page, as the global `weirTest`. */
export type BrowserKit = FrameCodeKit & SourcesKit & DevicesKit & MeasureKit;

declare global {
  /** Where `browserKitScript` has run. */
  var weirTest: BrowserKit;
}

/**
 * A script that sets `weirTest` up, for `page.addInitScript({ content })` (Playwright) or
 * `page.evaluateOnNewDocument(script)` (Puppeteer). With `fakeDevices`, cameras and microphones are the kit's.
 */
export function browserKitScript(options: { fakeDevices?: FakeDevicesOptions } = {}): string {
  const parts = [installFrameCode, installSources, installDevices, installMeasures];
  return `(() => {
const kit = globalThis.weirTest = {};
${parts.map((part) => `(${part})(kit);`).join('\n')}
const devices = ${JSON.stringify(options.fakeDevices ?? null)};
if (devices) kit.installFakeDevices(devices);
})()`;
}

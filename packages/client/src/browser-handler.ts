import { Device, detectDevice, type types } from 'mediasoup-client';
import { Chrome74 } from 'mediasoup-client/handlers/Chrome74';
import { Chrome111 } from 'mediasoup-client/handlers/Chrome111';
import { Firefox120 } from 'mediasoup-client/handlers/Firefox120';
import { Safari12 } from 'mediasoup-client/handlers/Safari12';

type HandlerFactory = NonNullable<NonNullable<ConstructorParameters<typeof Device>[0]>['handlerFactory']>;

const kinds: Partial<Record<string, { createFactory(options: object): HandlerFactory }>> = {
  Chrome111,
  Chrome74,
  Firefox120,
  Safari12,
};
const directions = ['recvonly', 'sendonly'] as const;

let shared: HandlerFactory | undefined;

/** A device of this browser. Its codecs are asked for once a page: the first time takes 50 to 300 ms. */
export function newDevice(): Device {
  shared ??= handlerOfBrowser();
  return shared ? new Device({ handlerFactory: shared }) : new Device();
}

/** Asks for the codecs, so that a device loads at once when the fleet's are known. Never rejects: loading says why. */
export async function askForCodecs(): Promise<void> {
  shared ??= handlerOfBrowser();
  await Promise.allSettled(directions.map((direction) => shared?.getNativeRtpCapabilities({ direction })));
}

function handlerOfBrowser(): HandlerFactory | undefined {
  const factory = kinds[detectDevice() ?? '']?.createFactory({});
  if (!factory) return undefined;
  const answers = new Map<string, Promise<types.RtpCapabilities>>();
  const getNativeRtpCapabilities: HandlerFactory['getNativeRtpCapabilities'] = (options) => {
    const known = answers.get(options.direction);
    if (known) return known;
    const asking = factory.getNativeRtpCapabilities(options);
    answers.set(options.direction, asking);
    asking.catch(() => answers.delete(options.direction));
    return asking;
  };
  return { ...factory, getNativeRtpCapabilities };
}

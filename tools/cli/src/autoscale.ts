import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Autoscaler, defaultScalePolicy, type NodeDriver, redisStore } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import { createLogger } from '@weir/service';
import { duration, parseOptions, wholeNumber } from './options.ts';
import { dockerDriver } from './scale/docker-driver.ts';
import { kubernetesDriver } from './scale/kubernetes-driver.ts';
import { ProcessDriver } from './scale/process-driver.ts';

export const autoscaleOptions = {
  driver: { type: 'string', default: 'process' },
  role: { type: 'string', default: 'media' },
  region: { type: 'string', default: 'local' },
  min: { type: 'string', default: '1' },
  max: { type: 'string', default: '8' },
  drain: { type: 'string', default: '10m' },
  redis: { type: 'string', multiple: true },
  'redis-cluster': { type: 'boolean', default: false },
  image: { type: 'string', default: 'weir' },
  docker: { type: 'string', default: 'unix:/var/run/docker.sock' },
  'env-from': { type: 'string', default: 'weir' },
} as const;

type Values = ReturnType<typeof parseOptions<typeof autoscaleOptions>>['values'];

const main = join(import.meta.dirname, 'main.ts');
const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Keeps a region's media nodes or relays as many as their load asks for, until a signal ends it. */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseOptions(args, autoscaleOptions, true);
  const { role, region, drain } = values;
  if (role !== 'media' && role !== 'relay')
    throw new PlatformError('bad-request', `--role ${role}: one of media, relay`);
  const urls = values.redis ?? process.env.WEIR_REDIS?.split(',') ?? [];
  if (!urls.length) throw new PlatformError('bad-request', '--redis URL (or WEIR_REDIS) is missing');
  const [atLeast, atMost] = [
    wholeNumber('min', values.min, 1, 1_000),
    wholeNumber('max', values.max, 1, 1_000),
  ];
  if (atLeast > atMost)
    throw new PlatformError('bad-request', `--min ${atLeast} is more than --max ${atMost}`);
  const drainMs = duration('drain', drain) * 1_000;
  const logger = createLogger({ level: 'info', pretty: process.stderr.isTTY ?? false, name: 'weir' });
  await using stack = new AsyncDisposableStack();
  const driver = await driverOf(values, positionals, stack);
  const store = stack.adopt(await redisStore({ urls, cluster: values['redis-cluster'], logger }), (it) =>
    it.close(),
  );
  const policy = { ...defaultScalePolicy, atLeast, atMost };
  stack.use(new Autoscaler({ leases: store.leases, driver, role, region, policy, drainMs, logger }));
  process.stdout.write(
    `weir: ${atLeast} to ${atMost} ${role} nodes in region ${region}, by ${values.driver}\n`,
  );
  await Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => once(process, signal)));
  return 0;
}

/** `own`: what else is said to each node. */
async function driverOf(values: Values, own: string[], stack: AsyncDisposableStack): Promise<NodeDriver> {
  const { role, region, image } = values;
  const node = (nodeId: string) => {
    const who = ['--region', region, '--node-id', nodeId, '--port', '0'];
    return ['serve', '--roles', role, ...who, ...own];
  };
  const fleet = role === 'media' ? region : `${role}.${region}`;
  switch (values.driver) {
    case 'process':
      return stack.use(new ProcessDriver((id) => ({ command: process.execPath, args: [main, ...node(id)] })));
    case 'docker': {
      const names = ['WEIR_REDIS', 'WEIR_CLUSTER_SECRET'];
      const env = Object.fromEntries(names.map((name) => [name, process.env[name] ?? '']));
      return dockerDriver({ place: { url: values.docker }, fleet, image, command: node, env });
    }
    case 'kubernetes': {
      const [token, ca, namespace] = await Promise.all(
        ['token', 'ca.crt', 'namespace'].map((name) => readFile(join(serviceAccount, name), 'utf8')),
      ).catch((error) => {
        const message = 'the kubernetes driver works in a pod with a service account that may make pods';
        throw new PlatformError('wrong-state', message, { cause: error });
      });
      const place = { url: 'https://kubernetes.default.svc', token: token!.trim(), ca: ca! };
      const envFrom = values['env-from'];
      return kubernetesDriver({ place, namespace: namespace!.trim(), fleet, image, command: node, envFrom });
    }
    default:
      throw new PlatformError('bad-request', `--driver ${values.driver}: one of process, docker, kubernetes`);
  }
}

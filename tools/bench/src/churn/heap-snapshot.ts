import type { CDPSession } from 'puppeteer-core';

/** What lies in a page's JavaScript heap, bytes. `objects`: all but `code`, which V8 compiles as functions are used more. */
export type HeapShares = { objects: number; code: number };

/** As far as it is read here (V8's `HeapSnapshotJSONSerializer`): each node is `node_fields.length` numbers. */
type Snapshot = {
  snapshot: { meta: { node_fields: string[]; node_types: [string[], ...unknown[]] } };
  nodes: number[];
};

/** Of the browser's C++, not in this heap, or not there at all. */
const elsewhere = new Set(['native', 'synthetic', 'hidden']);
const codeTypes = new Set(['code', 'object shape']);

/** Collects garbage first. Takes about a second. */
export async function heapShares(devtools: CDPSession): Promise<HeapShares> {
  const chunks: string[] = [];
  const onChunk = ({ chunk }: { chunk: string }) => void chunks.push(chunk);
  devtools.on('HeapProfiler.addHeapSnapshotChunk', onChunk);
  try {
    await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  } finally {
    devtools.off('HeapProfiler.addHeapSnapshotChunk', onChunk);
  }
  return sharesOf(JSON.parse(chunks.join('')) as Snapshot);
}

export function sharesOf({ snapshot: { meta }, nodes }: Snapshot): HeapShares {
  const [type, size] = [meta.node_fields.indexOf('type'), meta.node_fields.indexOf('self_size')];
  const shares = { objects: 0, code: 0 };
  for (let at = 0; at < nodes.length; at += meta.node_fields.length) {
    const name = meta.node_types[0][nodes[at + type]!]!;
    if (elsewhere.has(name)) continue;
    shares[codeTypes.has(name) ? 'code' : 'objects'] += nodes[at + size]!;
  }
  return shares;
}

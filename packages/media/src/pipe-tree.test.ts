import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PipeTree } from './pipe-tree.ts';

const origin = { nodeId: 'origin', region: 'eu' };
const eu = (nodeId: string) => ({ nodeId, region: 'eu' });
const us = (nodeId: string) => ({ nodeId, region: 'us' });

function depthOf(tree: PipeTree, nodeId: string): number {
  let depth = 0;
  for (let at: string | undefined = nodeId; at !== undefined && at !== 'origin'; at = tree.parentOf(at))
    if (++depth > 1_000) throw new Error(`${nodeId} hangs in a circle`);
  return depth;
}

describe('PipeTree', () => {
  test('an edge hangs under the origin while that has a place, then under the nearest edge that has one', () => {
    const tree = new PipeTree(origin, { fanOut: 2, depth: 5 });
    const parents = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => tree.add(eu(name)));
    expect(parents).toEqual(['origin', 'origin', 'a', 'a', 'b', 'b', 'c']);
  });

  test('another region gets one copy, which the others there share', () => {
    const tree = new PipeTree(origin, { fanOut: 2, depth: 5 });
    const parents = [us('a'), us('b'), us('c'), us('d'), eu('e')].map((edge) => tree.add(edge));
    expect(parents).toEqual(['origin', 'a', 'a', 'b', 'origin']);
    expect(tree.add(eu('f'))).toBe('e'); // A track does not come back from abroad.
  });

  test('a region whose first edge cannot be used gets another one', () => {
    const tree = new PipeTree(origin, { fanOut: 8, depth: 5 });
    for (const name of ['a', 'b', 'c']) tree.add(us(name));
    const usable = (nodeId: string) => nodeId !== 'a';
    expect(tree.add(us('b'), usable)).toBe('origin');
    expect(tree.add(us('c'), usable)).toBe('b');
  });

  test('who is hung anew or taken out loses what hung under it', () => {
    const tree = new PipeTree(origin, { fanOut: 1, depth: 5 });
    for (const name of ['a', 'b', 'c', 'd']) tree.add(eu(name));
    tree.remove('b');
    expect(tree.size).toBe(1);
    expect(tree.add(eu('d'))).toBe('a');
    expect(tree.add(eu('a'))).toBe('origin');
    expect(tree.size).toBe(1);
  });

  test('a tree that is full says so, and the origin is nobody’s edge', () => {
    const tree = new PipeTree(origin, { fanOut: 1, depth: 2 });
    expect([eu('a'), eu('b'), eu('c'), eu('origin')].map((edge) => tree.add(edge))).toEqual([
      'origin',
      'a',
      undefined,
      undefined,
    ]);
  });

  test('whatever comes and goes, no node feeds too many, none is too far, and none hangs in a circle', () => {
    const regions = ['eu', 'us', 'asia'];
    const step = fc.record({
      act: fc.constantFrom('add', 'add', 'add', 'remove'),
      node: fc.integer({ min: 0, max: 40 }),
      avoided: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3 }),
    });
    const limits = fc.record({
      fanOut: fc.integer({ min: 1, max: 4 }),
      depth: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 120 }), (bounds, steps) => {
        const tree = new PipeTree(origin, bounds);
        const names = Array.from({ length: 41 }, (_, i) => `n${i}`);
        for (const { act, node, avoided } of steps) {
          const edge = { nodeId: `n${node}`, region: regions[node % 3]! };
          const usable = (nodeId: string) => !avoided.some((i) => `n${i}` === nodeId);
          if (act === 'remove') tree.remove(edge.nodeId);
          else {
            const parent = tree.add(edge, usable);
            if (parent !== undefined && parent !== 'origin') expect(usable(parent)).toBe(true);
          }
          const parents = names.flatMap((name) => tree.parentOf(name) ?? []);
          expect(parents.length).toBe(tree.size);
          for (const parent of new Set(parents))
            expect(parents.filter((name) => name === parent).length).toBeLessThanOrEqual(bounds.fanOut);
          for (const name of names) expect(depthOf(tree, name)).toBeLessThanOrEqual(bounds.depth);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('with places enough each other region has one copy, and is as near as can be', () => {
    const nodes = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 60 });
    fc.assert(
      fc.property(nodes, (ids) => {
        const tree = new PipeTree(origin, { fanOut: 4, depth: 12 });
        const regionOf = (nodeId: string) =>
          nodeId === 'origin' ? 'eu' : ['eu', 'us', 'asia'][Number(nodeId.slice(1)) % 3]!;
        const names = ids.map((id) => `n${id}`);
        for (const nodeId of names) expect(tree.add({ nodeId, region: regionOf(nodeId) })).toBeDefined();
        for (const region of ['us', 'asia']) {
          const into = names.filter(
            (name) => regionOf(name) === region && regionOf(tree.parentOf(name)!) !== region,
          );
          expect(into.length).toBeLessThanOrEqual(1);
        }
        // Sixty nodes, four each: three pipes in a row, one more to get abroad.
        for (const name of names) expect(depthOf(tree, name)).toBeLessThanOrEqual(6);
      }),
      { numRuns: 100 },
    );
  });
});

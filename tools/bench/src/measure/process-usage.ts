import { readFile } from 'node:fs/promises';

/** Ticks of /proc/PID/stat in a second: the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** CPU time of a process so far, its threads included. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // The name in parentheses may contain anything.
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) / ticksPerSecond;
}

/** CPU time that each of these groups of processes takes during `work`. */
export async function cpuSecondsDuring(
  groups: readonly (readonly number[])[],
  work: () => Promise<unknown>,
): Promise<number[]> {
  const look = () =>
    Promise.all(
      groups.map(async (pids) => {
        const each = await Promise.all(pids.map(cpuSeconds));
        return each.reduce((sum, seconds) => sum + seconds, 0);
      }),
    );
  const before = await look();
  await work();
  const after = await look();
  return after.map((seconds, i) => seconds - before[i]!);
}

/** CPU time of the whole machine so far, of all cores together. What a hypervisor took away counts as used. */
export async function machineCpuSeconds(): Promise<number> {
  const [total = ''] = (await readFile('/proc/stat', 'latin1')).split('\n');
  const [user, nice, system, _idle, _waiting, irq, softirq, stolen] = total.split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + irq! + softirq! + stolen!) / ticksPerSecond;
}

/** Memory of a process that is in RAM. */
export async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

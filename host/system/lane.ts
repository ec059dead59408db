/** One of so many counters, which texts share by a hash (FNV-1a). */
export function laneOf(text: string, lanes: number): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193);
  return (hash >>> 0) % lanes;
}

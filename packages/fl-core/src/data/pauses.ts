/** Work goes on so long before others get their turn. */
const turnMs = 50;

/**
 * For work in small units: the function it gives is awaited between two of them, and lets others run when a turn
 * is over. A timer, not a microtask: messages of a worker (to cancel, say) are handled in between.
 *
 * @param onPause called at every pause.
 */
export function pauses(onPause: () => void): () => Promise<void> | undefined {
  let begin = performance.now();
  return () => (performance.now() - begin < turnMs ? undefined : pause());

  async function pause(): Promise<void> {
    onPause();
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    begin = performance.now();
  }
}

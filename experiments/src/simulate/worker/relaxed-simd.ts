import { setFlagsFromString } from 'node:v8';

/**
 * Lets this process and its threads multiply and add in one instruction, as browsers do: Node 20 has it behind a flag.
 * With it products are faster, and what a thread trains is what a tab on the same processor trains, to the byte.
 */
export function allowRelaxedSimd(): void {
  const [major = 0, minor = 0] = process.versions.v8.split('.').map(Number);
  if (major < 11 || (major === 11 && minor < 4)) setFlagsFromString('--experimental-wasm-relaxed-simd');
}

import { existsSync } from 'node:fs';

/** The Vulkan loader and the software rasteriser that come with Debian's Chromium. */
const chromium = '/usr/lib/chromium';
const swiftShader = `${chromium}/vk_swiftshader_icd.json`;
const resolveNow = 2;
const neverUnload = 0x1000;

/**
 * Settles which Vulkan drivers Dawn will find when it starts: those that a person named, else SwiftShader, which is
 * the same on every machine, else what the system has.
 */
export function prepareVulkan(env: NodeJS.ProcessEnv = process.env): void {
  const named = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  if (named === undefined && existsSync(swiftShader)) env.VK_ICD_FILENAMES = swiftShader;
  // Dawn asks for the system's libvulkan.so.1; a loaded library of that name serves as well.
  if (!load('libvulkan.so.1')) load(`${chromium}/libvulkan.so.1`);
}

/** Keeps a shared library in the process; whether it is there. */
function load(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, resolveNow | neverUnload);
    return true;
  } catch (error) {
    // Always thrown: it is no module of Node's. It stays loaded if it was found.
    return !String(error).includes('cannot open shared object file');
  }
}

/** What fl-core and gpu-bench use of WebAssembly, which TypeScript's own library has among the DOM's types only. */
declare namespace WebAssembly {
  type Exports = Readonly<Record<string, unknown>>;
  /** In pages of 64 KiB. */
  interface MemoryDescriptor {
    initial: number;
    maximum?: number;
    shared?: boolean;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  let Memory: new (descriptor: MemoryDescriptor) => Memory;
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>);
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory } });
    readonly exports: Exports;
  }
  class CompileError extends Error {}
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

import type { Platform } from '@strata/client/session';
import { SharedTrainer } from '@strata/client/session/trainers';
import { loadSample } from '@strata/fl-core/data';
import { chooseBackend } from '@strata/fl-core/training';
import plainWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { DataStore } from './data-store.ts';
import { openPicture } from './decode-image.ts';
import { ModelStore } from './model-store.ts';
import { SecretStore } from './secret-store.ts';
import { SpendingStore } from './spending-store.ts';

/** A worker of a tab: its device, the browser's decoder of pictures, and what this origin may keep. */
export const browserPlatform = (): Platform => ({
  async trainers({ backend, load, blob }) {
    const chosen = await chooseBackend({
      ...(backend === undefined ? {} : { force: backend }),
      wasmPaths: {
        'tfjs-backend-wasm.wasm': plainWasm,
        'tfjs-backend-wasm-simd.wasm': simdWasm,
        'tfjs-backend-wasm-threaded-simd.wasm': threadedWasm,
      },
    });
    return new SharedTrainer(chosen, load, blob);
  },
  openPicture,
  loadSample,
  data: new DataStore(),
  models: new ModelStore(),
  secrets: new SecretStore(),
  spending: new SpendingStore(),
});

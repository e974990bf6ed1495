// First module of a worker thread: TypeScript is understood from here on.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');

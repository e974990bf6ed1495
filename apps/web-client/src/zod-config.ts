import { z } from 'zod';

// zod compiles object parsers with `new Function`, which the pages' Content-Security-Policy forbids.
// Imported before anything that defines a schema: the flag is read when a schema is made.
z.config({ jitless: true });

// Stands in for Node's types, which @types/papaparse asks for: with them all of Node's globals would come in.
declare namespace NodeJS {
  type ReadableStream = never;
}

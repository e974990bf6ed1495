export * from './caller.ts';
export * from './channel-socket.ts';
export * from './control-plane.ts';
export * from './data-plane.ts';
export * from './digest.ts';
export * from './identity.ts';
export * from './remedy.ts';
export * from './retry.ts';

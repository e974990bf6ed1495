export * from './accountant/calibrate.ts';
export * from './accountant/epsilon.ts';
export { type GaussianStep, gaussianRdp } from './accountant/rdp.ts';
export * from './clip.ts';
export * from './guess.ts';
export * from './noise/discrete-gaussian.ts';
export * from './noise/words.ts';

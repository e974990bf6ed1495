import { existsSync } from 'node:fs';
import type { Plugin } from 'vite';

/** A component's module of class names, which stands beside each component that has styles. */
const classNames = /@mantine\/core\/esm\/.*?(\w+)\.module\.mjs$/;
/** What components take for granted: resets, variables, and classes that no component has for itself. */
const base = ['baseline', 'default-css-variables', 'global'];

/**
 * Mantine's style sheet is one of 290 kB, of all its components. Built pages get the base of it, and each chunk the
 * styles of the components that it holds, as the component's module of class names asks for them. They stay in Mantine's
 * cascade layer, so that the order in which chunks arrive cannot put them before styles of ours.
 */
export const stylesByComponent: Plugin = {
  name: 'mantine-styles-by-component',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    const [folder, file] = id.split('/@mantine/core/');
    if (file !== 'styles.layer.css') return null;
    // As the package writes it: the layer's variables and resets, in this order.
    return base.map((name) => `@import "${folder}/@mantine/core/styles/${name}.layer.css";`).join('\n');
  },
  transform(code, id) {
    const component = classNames.exec(id)?.[1];
    if (component === undefined) return null;
    const sheet = id.replace(/\/esm\/.*$/, `/styles/${component}.layer.css`);
    if (!existsSync(sheet)) throw new Error(`Mantine has no styles for ${component} at ${sheet}.`);
    return { code: `import ${JSON.stringify(sheet)};\n${code}`, map: null, moduleSideEffects: true };
  },
};

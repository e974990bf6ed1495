import type { ConfigForm } from '../form.ts';

/** Of a number that may be left out. */
export function orNone(form: ConfigForm, path: string) {
  const { onChange, value, ...field } = form.getInputProps(path);
  return {
    ...field,
    value: value ?? '',
    onChange: (typed: number | string) => onChange(typed === '' ? null : typed),
  };
}

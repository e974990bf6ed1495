import { z } from 'zod';

interface Field<Option extends string> {
  readonly option: Option;
  readonly label: string;
  /** Shown among what is right for most as it is. */
  readonly advanced?: true;
}

export interface NumberField<Option extends string = string> extends Field<Option> {
  readonly kind: 'number';
  readonly description?: string;
  readonly step?: number;
  /** Written behind the number: `tokens`. */
  readonly unit?: string;
  /** Where the schema's own bound is one that the value must not reach. */
  readonly max?: number;
}

/** A number between nothing and much, to slide or to type, with what it does in words. */
export interface PriceField<Option extends string = string> extends Field<Option> {
  readonly kind: 'price';
  /** Read out at the slider's thumb. */
  readonly short: string;
  readonly description: string | ((config: Readonly<Record<string, unknown>>) => string);
  readonly words: (value: number) => string;
}

export interface ChoiceField<Option extends string = string> extends Field<Option> {
  readonly kind: 'choice';
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

/** How a form asks for an option; bounds and defaults are the schema's. */
export type OptionField<Option extends string = string> =
  | NumberField<Option>
  | PriceField<Option>
  | ChoiceField<Option>;

export interface Limits {
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}

/** The bounds of a number's schema, those that it must not reach included; null when it is no number's. */
export function limitsOf(schema: z.core.$ZodType): Limits | null {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return limitsOf(schema.unwrap());
  if (!(schema instanceof z.ZodNumber)) return null;
  return {
    min: schema.minValue ?? Number.NEGATIVE_INFINITY,
    max: schema.maxValue ?? Number.POSITIVE_INFINITY,
    whole: schema.isInt,
  };
}

/** Whether a configuration may do without the option, and has nothing in its place. */
export const mayBeAbsent = (schema: z.core.$ZodType): boolean => schema instanceof z.ZodOptional;

import { z } from 'zod';
import { named } from '../../variants/index.ts';
import { clippedMean } from './clipped-mean.ts';
import { krum } from './krum.ts';
import { mean } from './mean.ts';
import { median } from './median.ts';
import { multiKrum } from './multi-krum.ts';
import { normClipping } from './norm-clipping.ts';
import { trimmedMean } from './trimmed-mean.ts';

/** Every rule there is, in the order of forms and lists. All that concerns one alone is in its file. */
export const rules = [clippedMean, mean, median, trimmedMean, normClipping, krum, multiKrum] as const;

export type RuleVariant = (typeof rules)[number];

const [first, ...others] = rules;

/** How the clients' changes of a layer become one: a rule's name and its options. */
export const AggregationRule = z.discriminatedUnion('name', [first.config, ...others.map((r) => r.config)]);
export type AggregationRule = z.output<typeof AggregationRule>;

/** The rule that a configuration names. */
export const ruleNamed = (name: RuleVariant['name']): RuleVariant => named<RuleVariant>(rules, name);

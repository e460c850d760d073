/** Profiles in the numbers of the native tables. Apart from profiles.ts, so that reading a config needs no addon. */
import { type NativeProfile, type Steps, tables } from '../../native/addon/text.ts'
import { type Family, families, type Profile } from './profiles.ts'

export function nativeProfile(profile: Profile): NativeProfile {
  const numbers = new Map(tables().rules.map((rule, number) => [rule.name, number]))
  const steps = (order: readonly Family[]): Steps =>
    order.flatMap(family =>
      families[family].flatMap(name => {
        const threshold = profile.thresholds[name]
        return threshold === undefined ? [] : [{ rule: numbers.get(name) as number, threshold }]
      }),
    )
  return { before: steps(profile.before), c4: profile.c4, after: steps(profile.after) }
}

import { expect, test } from 'vitest'
import { count, type Report } from '../../scripts/test.ts'

const file = (status: string, ...tests: string[]) => ({
  name: 'x.test.ts',
  status,
  assertionResults: tests.map((status) => ({ status })),
})

test.each<[string, Report['testResults'], boolean, number[]]>([
  [
    'tests one by one',
    [file('passed', 'passed', 'pending'), file('failed', 'passed', 'failed')],
    false,
    [2, 1, 1],
  ],
  ['a file that does not load as one failure', [file('passed', 'passed'), file('failed')], false, [1, 1, 0]],
  ['a run that failed with every test passed as one failure', [file('passed', 'passed')], false, [1, 1, 0]],
  ['a run without a report as one failure', [], false, [0, 1, 0]],
])('counts %s', (_, testResults, ok, [passed, failed, skipped]) => {
  expect(count({ testResults }, ok)).toEqual({ passed, failed, skipped })
})

/** Faults that are known and wait for their mend, which takes them off this list: the target, and what is said of it. */
export const WAITING: readonly { target: RegExp; fault: RegExp }[] = [
  { target: /^safetensors/, fault: /was given \d+ values|has type undefined|more than a line|not a text/ },
  { target: /^safetensors/, fault: /TypeError: Cannot convert object to primitive value/ },
  { target: /^run\.json$/, fault: /^trains until step|^does something|TypeError: .*startsWith/ },
  { target: /^checkpoint\.safetensors$/, fault: /./ },
  { target: /^log\.jsonl$/, fault: /for a line$|TypeError/ },
]

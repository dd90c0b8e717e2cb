/** Faults that are known and wait for their mend, which takes them off this list: the target, and what is said of it. */
const WAITING: readonly { target: RegExp; fault: RegExp }[] = [
  { target: /^safetensors/, fault: /was given \d+ values|has type |more than a line|not a text/ },
  { target: /^safetensors/, fault: /TypeError: Cannot convert object to primitive value/ },
  { target: /^run\.json$/, fault: /^trains until step|^does something|TypeError|more than a line/ },
  { target: /^checkpoint\.safetensors$/, fault: /./ },
  // Operands that are none, and options that reach WebGPU as they are.
  { target: /^op /, fault: /^(TypeError|ShaderError): / },
  { target: /^log\.jsonl$/, fault: /for a line$|TypeError/ },
]

/** Whether a fault of a target is among them. */
export const isWaiting = (target: string, fault: string): boolean =>
  WAITING.some((known) => known.target.test(target) && known.fault.test(fault))

export function plain(text: string): string
export function makeConsolePlain(): void

/** Opens the page, or says what it needs. */
import { showHelp, whyMissing } from './help.ts'
import { Page } from './page.ts'

const reason = whyMissing()
if (reason) showHelp(reason)
else new Page()

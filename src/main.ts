import { serve } from './cli/serve.ts'
import { forbidDumps } from './no-dumps.ts'

forbidDumps()
await serve()

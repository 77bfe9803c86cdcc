import { readProcessConfig } from './config.ts'
import { startGateway } from './gateway.ts'
import { createLogger } from './log.ts'
import { runUntilSignal } from './run.ts'

const config = readProcessConfig()
const log = createLogger(config.logLevel)
await runUntilSignal(log, () => startGateway(config, log))

import winston from 'winston'

export type Logger = winston.Logger

/**
 * The process's log: one JSON object a line on standard error, UTC. It never takes payload values,
 * tokens, keys or national numbers: callers log ids, codes and counts.
 */
export function createLogger(level: string, sink?: NodeJS.WritableStream): Logger {
  const transport = sink
    ? new winston.transports.Stream({ stream: sink })
    : new winston.transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })
  return winston.createLogger({
    level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [transport],
  })
}

/*
 * Temporal's worker takes the stack of every promise that a workflow makes, which is a third of the time of a workflow
 * of a dozen stages. The innermost calls are enough to find an error. Loaded before the sandbox is frozen.
 */
Error.stackTraceLimit = 3

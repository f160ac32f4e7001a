/**
 * The variable of the environment that names the processes without which a program is to end, as `12,345`: that which
 * started it, and those which started that. Between two of them there may be a shell.
 */
export const OWNERS = "PRACTISE_OWNERS";

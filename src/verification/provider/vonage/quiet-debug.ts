import debug from 'debug';

// DEBUG=* must not turn this on: the debug lines of the Vonage SDK print the Authorization header and the number.
debug.enable(`${debug.disable()},-vonage:*`);

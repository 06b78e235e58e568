import debug from 'debug';

// DEBUG=* must not turn these on. Express' debug lines print addresses that hold typed numbers, and those of the Vonage
// SDK print the Authorization header and the number.
debug.enable(`${debug.disable()},-express:*,-router,-router:*,-body-parser:*,-send,-finalhandler,-vonage:*`);

import debug from 'debug';

// DEBUG=* must not turn these on: Express' debug lines print addresses that hold typed numbers.
debug.enable(`${debug.disable()},-express:*,-router,-router:*,-body-parser:*,-send,-finalhandler`);

import Testing

/// The built program against an AWS emulator over HTTP. Its suites run beside one another, the tests of each in turn: all
/// at once they would be fifty processes on two cores.
@Suite(.timeLimit(.minutes(10))) enum EndToEnd {}

import ArgumentParser
import Formats

/// The message for a word on the command line that is no command. It suggests the nearest command, if one is near.
///
/// - Returns: Nil if every command in `arguments` exists, so that something else is wrong.
func unknownCommand(in arguments: [String], of root: any ParsableCommand.Type) -> String? {
    var command = root
    for argument in arguments {
        let known = command.configuration.subcommands
        guard !known.isEmpty, !argument.hasPrefix("-") else { return nil }
        guard let next = known.first(where: { $0.configuration.commandName == argument }) else {
            guard argument != "help" else { return nil }
            let names = known.compactMap { $0.configuration.commandName }
            let hint =
                nearest(to: argument, among: names).map { "did you mean \($0)?" }
                ?? "the commands are \(names.joined(separator: ", "))"
            return "unknown command \"\(plainText(argument, limit: 100))\"; \(hint)"
        }
        command = next
    }
    return nil
}

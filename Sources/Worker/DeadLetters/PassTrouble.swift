import Formats

/// Something that a pass over the dead-letter queue could not do. The pass went on.
package enum PassTrouble: CustomStringConvertible {
    /// A letter was not sent to the queue. It stays in the dead-letter queue.
    case notSent(DeadLetter, any Error)
    /// A letter was not deleted from the dead-letter queue. `isSent` is true if a replay has sent it.
    case notDeleted(DeadLetter, any Error, isSent: Bool)
    /// Letters were read and could not be made visible again.
    case notGivenBack(count: Int, (any Error)?)
    /// Another reader holds letters, or a reader that was killed held them.
    case hiddenElsewhere(count: Int)
    /// A FIFO queue hands out no more letters of a group while the first ones are in hand.
    case outOfReach(count: Int)

    /// True if the pass failed at something that it was asked to do.
    package var isFailure: Bool {
        switch self {
        case .notSent, .notDeleted: true
        case .notGivenBack, .hiddenElsewhere, .outOfReach: false
        }
    }

    /// One line for a person.
    package var description: String {
        let seconds = HeldLetters.hiddenSeconds
        switch self {
        case .notSent(let letter, let error):
            return "\(letter.label) was not sent and stays in the dead-letter queue: \(plainText("\(error)"))"
        case .notDeleted(let letter, let error, let isSent):
            let sent = isSent ? "was sent but " : "was "
            return "\(letter.label) \(sent)not deleted from the dead-letter queue: \(plainText("\(error)"))"
        case .notGivenBack(let count, let error):
            let why = error.map { ": \(plainText("\($0)")); allow sqs:ChangeMessageVisibility" } ?? ""
            return
                "\(count) that were read stay hidden for up to \(seconds) s, since they could not be given back\(why)"
        case .hiddenElsewhere(let count):
            return "\(count) more are hidden by another reader, or by one that was killed: try again in \(seconds) s"
        case .outOfReach(let count):
            return
                "about \(count) more could not be shown: a FIFO queue hands out no further messages of a message group "
                + "while its first ones are being read; replay or discard those first"
        }
    }
}

extension DeadLetter {
    /// The letter's ids, for a line about it.
    fileprivate var label: String {
        let event = eventID.map { " (event \(plainText($0, limit: 100)))" } ?? ""
        return "message \(plainText(messageID, limit: 100))\(event)"
    }
}

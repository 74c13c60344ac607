import AWSClient
import Foundation
import Logging
import SecurityGroups
import TestSupport
import Testing

@testable import Worker

/// What is out, since when, and of what people are told.
@Suite struct OutageBoardTests {
    private struct NoRoute: Error, CustomStringConvertible {
        let description: String
    }

    private let time = VirtualTime()
    private let board: OutageBoard
    private let ec2 = Lane(.ec2)

    init() {
        board = OutageBoard(clock: time.clock, logger: .silent)
    }

    @discardableResult
    private func fail(_ lane: Lane, _ words: String = "no route") -> OutageBoard.Note {
        board.note(NoRoute(description: words), of: lane)
    }

    @Test func `nothing is out at first, and an end of nothing changes nothing`() {
        board.end(ec2)
        board.open(ec2)
        #expect(board.lanes.isEmpty && board.summary == nil && board.mayReceive)
        #expect(!board.isOut(ec2) && !board.isOpen(ec2) && board.failures(of: ec2) == nil)
    }

    @Test func `a lane is out from its first failure to its end, and its failures are counted`() {
        #expect(fail(ec2).isNew && board.isOut(ec2))
        let second = fail(ec2)
        #expect(!second.isNew && second.failures == 2 && board.failures(of: ec2) == 2)
        board.end(ec2)
        #expect(!board.isOut(ec2) && board.failures(of: ec2) == nil)
        #expect(fail(ec2).isNew && board.failures(of: ec2) == 1, "another outage begins anew")
    }

    @Test func `a lane that is opened may be tried, and is out again at its next failure`() {
        fail(ec2)
        board.open(ec2)
        #expect(board.isOpen(ec2) && !board.isOut(ec2) && board.lanes.isEmpty)
        let again = fail(ec2)
        #expect(!again.isNew && again.failures == 2 && board.isOut(ec2) && !board.isOpen(ec2))
        board.open(ec2)
        board.end(ec2)
        #expect(!board.isOpen(ec2) && board.failures(of: ec2) == nil)
    }

    @Test func `who waits for a lane goes on when it is opened, and when it works again`() async throws {
        fail(ec2)
        let first = try #require(board.over(ec2))
        #expect(!first.isSettled)
        board.open(ec2)
        #expect(first.isSettled && board.over(ec2) == nil)
        fail(ec2)
        let second = try #require(board.over(ec2))
        board.end(ec2)
        #expect(second.isSettled)
    }

    @Test func `in a long outage, who waits asks again every ten minutes`() throws {
        fail(ec2)
        let first = try #require(board.over(ec2))
        time.advance(.seconds(599))
        fail(ec2)
        #expect(!first.isSettled)
        time.advance(.seconds(1))
        fail(ec2)
        let second = try #require(board.over(ec2))
        #expect(first.isSettled && !second.isSettled && board.isOut(ec2))
    }

    @Test(arguments: [
        (Lane.Service.ledger, false), (.queue, true), (.deletes, true), (.ec2, true), (.sts, true), (.dynamodb, true),
    ])
    func `only an outage of the ledger keeps the receivers from asking`(_ service: Lane.Service, _ mayReceive: Bool) {
        fail(Lane(service))
        #expect(board.mayReceive == mayReceive)
        board.end(Lane(service))
        #expect(board.mayReceive)
    }

    @Test func `what is out is named in one line, in order, each lane by itself`() throws {
        let region = try #require(AWSRegion("eu-west-1"))
        for lane in [Lane(.sts), Lane(.ec2, region: region), Lane(.ledger)] { fail(lane) }
        #expect(board.summary == "EC2 in eu-west-1, STS, the ledger")
        board.end(Lane(.sts))
        #expect(board.summary == "EC2 in eu-west-1, the ledger")
        #expect(!board.isOut(Lane(.ec2)), "another Region's lane, or none's")
    }

    /// The notices that have come by now. The board of a test is not written to any more.
    private func notices(_ count: Int) async -> [OutageNotice] {
        var found: [OutageNotice] = []
        for await notice in board.notices {
            found.append(notice)
            if found.count == count { break }
        }
        return found
    }

    @Test func `people are told once an outage is a minute old, and when it is over`() async {
        let begun = time.now
        fail(ec2, "first")
        time.advance(.seconds(59))
        fail(ec2, "second")
        // A short outage of another lane is told to nobody.
        fail(Lane(.sts))
        board.end(Lane(.sts))
        time.advance(.seconds(1))
        fail(ec2, "third\n\u{1B}[2J")
        fail(ec2, "fourth")
        time.advance(.seconds(600))
        board.end(ec2)
        let found = await notices(2)
        #expect(found.map(\.lane) == [ec2, ec2] && found.map(\.isOver) == [false, true])
        #expect(found.map(\.since) == [begun, begun])
        #expect(found[0].cause.hasPrefix("third") && found[1].cause == "fourth")
        #expect(!found[0].cause.contains("\n") && !found[0].cause.contains("\u{1B}"))
    }

    @Test func `a clock that is set back makes no outage younger`() async {
        fail(ec2)
        time.setBack(by: .seconds(3600))
        time.advance(.seconds(60))
        fail(ec2)
        #expect(await notices(1).map(\.isOver) == [false])
    }

    @Test(arguments: [
        (Lane.Service.ledger, "receiving is paused"), (.queue, "receiving is paused"),
        (.deletes, "only its work waits"),
        (.ec2, "only its work waits"), (.sts, "only its work waits"), (.dynamodb, "its own ledger alone"),
    ])
    func `a lane says what becomes of work while it is out`(_ service: Lane.Service, _ words: String) {
        #expect(Lane(service).consequence.contains(words))
        #expect(Lane(service).stopsReceiving == words.contains("receiving"))
    }
}

#include "sandbox/dns/dns_query.h"

#include <gmock/gmock.h>

namespace aipress::sandbox::dns {
namespace {

using namespace std::string_literals;

std::string answer_to(std::string question, std::string_view record) {
    question[2] = '\x84';  // an authoritative answer
    question[7] = '\x01';
    return question + std::string(record);
}

auto const kSoa =
    "\xc0\x0c\x00\x06\x00\x01\x00\x00\x54\x60\x00\x26"s
    "\x02ns\xc0\x0c\x04host\x00\x01\x02\x03\x04\x00\x00\x00\x01"s;

TEST(DnsQuery, TheAnswersSerialIsRead) {
    auto const question = soa_question(7, "site1.example.");
    EXPECT_EQ(question,
              "\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05site1\x07"s
              "example\x00\x00\x06\x00\x01"s);
    auto const serial = serial_in(answer_to(question, kSoa), question);
    ASSERT_TRUE(serial.ok()) << serial.error().message();
    EXPECT_EQ(serial.value(), 0x01020304);
}

TEST(DnsQuery, WhatIsNoAnswerIsNone) {
    auto const question = soa_question(7, "site1.example.");
    auto const answer = answer_to(question, kSoa);
    for (std::size_t size = 0; size < answer.size() - 4; ++size) {
        EXPECT_FALSE(serial_in(std::string_view(answer).substr(0, size), question).ok()) << size;
    }
    EXPECT_FALSE(serial_in(answer, soa_question(8, "site1.example.")).ok());
    auto refused = question;
    refused[3] = '\x05';
    EXPECT_EQ(serial_in(refused, question).error().code(), ErrorCode::NotFound);
    auto other = answer;
    other[question.size() + 3] = '\x01';  // an A record
    EXPECT_FALSE(serial_in(other, question).ok());
}

}  // namespace
}  // namespace aipress::sandbox::dns

#include "dns/question.h"

#include <gmock/gmock.h>

#include "testing/status_matchers.h"

namespace aipress::dns {
namespace {

using ::testing::ElementsAre;
using testing::HasCode;
using testing::HasError;
using ::testing::HasSubstr;
using testing::must;

TEST(DnsQuestion, SetsAreComparedInOneSpelling) {
    RecordSet const alias{
        .name = "Shop.Example", .type = "cname", .ttl = 60, .data = {"GHS.googlehosted.com"}};
    EXPECT_EQ(must(canonical(alias)), (RecordSet{.name = "shop.example.",
                                                 .type = "CNAME",
                                                 .ttl = 60,
                                                 .data = {"ghs.googlehosted.com."}}));
    auto const addresses = [](std::vector<std::string> data) {
        return must(canonical({.name = "a.example.", .type = "AAAA", .data = std::move(data)}));
    };
    EXPECT_EQ(addresses({"2001:DB8:0::1", "2001:db8::2"}),
              addresses({"2001:db8::2", "2001:db8::1", "2001:db8::1"}));
    EXPECT_NE(addresses({"2001:db8::2"}), addresses({"2001:db8::3"}));
}

TEST(DnsQuestion, WhatIsNotDnsIsNamed) {
    auto const code = ErrorCode::InvalidArgument;
    EXPECT_THAT(canonical({.name = "", .type = "A"}), HasError(code, HasSubstr("no name")));
    EXPECT_THAT(canonical({.name = std::string(70, 'x') + ".example.", .type = "A"}),
                HasError(code, HasSubstr("no name")));
    EXPECT_THAT(canonical({.name = "a.example.", .type = "ALIAS"}),
                HasError(code, HasSubstr("'ALIAS'")));
    for (auto const* const data : {"192.0.2.256", "", "192.0.2.1\nb.example. 1 IN A 192.0.2.2"}) {
        EXPECT_THAT(canonical({.name = "a.example.", .type = "A", .data = {data}}),
                    HasError(code, HasSubstr("no data of a record of type A")))
            << data;
    }
    EXPECT_THAT(write_question(1, {.name = "a..example", .type = "A"}, Recursion::None),
                HasCode(code));
    EXPECT_THAT(read_answer("nonsense", {.name = "a.example.", .type = "A"}),
                HasCode(ErrorCode::Unavailable));
}

// What a server would answer to it: the same message with the bits of an answer.
std::string answer_to(std::string message, char code) {
    message[2] = static_cast<char>(static_cast<unsigned char>(message[2]) | 0x84);  // QR and AA
    message[3] = code;
    return message;
}

TEST(DnsQuestion, OnlyAnAnswerToThisVeryQuestionIsTaken) {
    Question const asked{.name = "a.example.", .type = "A"};
    auto const question = must(write_question(0x1234, asked, Recursion::None));
    EXPECT_TRUE(is_answer_to(answer_to(question, 0), question));
    EXPECT_FALSE(is_answer_to(question, question)) << "a question";
    EXPECT_FALSE(is_answer_to("", question));
    auto const wrong = [&](std::uint16_t id, Question const& other) {
        auto const message = must(write_question(id, other, Recursion::None));
        return is_answer_to(answer_to(message, 0), question);
    };
    EXPECT_FALSE(wrong(0x1235, asked));
    EXPECT_FALSE(wrong(0x1234, {.name = "b.example.", .type = "A"}));
    EXPECT_FALSE(wrong(0x1234, {.name = "a.example.", .type = "AAAA"}));
    auto const refused = must(read_answer(answer_to(question, 5), asked));
    EXPECT_EQ(refused.response, "REFUSED");
    EXPECT_TRUE(refused.is_authoritative);
    EXPECT_FALSE(refused.is_known());
    EXPECT_THAT(refused.set.data, ElementsAre());
}

}  // namespace
}  // namespace aipress::dns

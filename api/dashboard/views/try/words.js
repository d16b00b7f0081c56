/** Words of the view that tries a text, in both languages. */

/** Persian, Finglish, and both with English in between; each says more than one thing or says it in its own way. */
export const EXAMPLES = [
  "غذا عالی بود ولی پیک یک ساعت دیر رسید 😡",
  "دو هفته است منتظر بازگشت پولم هستم، support هم فقط copy paste جواب می‌دهد",
  "Ghazash khoob bood vali poshtibani javab nadad",
  "کیفیت کفش از عکسش بهتر بود، ممنون. فقط کاش رنگ‌های بیشتری داشت",
  "سلام، سفارش من کی ارسال می‌شود؟",
];

export const WORDS = {
  fa: {
    label: "متنی را که می‌خواهید بسنجید", placeholder: "جمله‌ای بنویسید، یا یکی از نمونه‌ها را بزنید…", go: "سنجیدن", busy: "در حال سنجیدن…",
    notStored: "این متن جایی نگه داشته نمی‌شود و در هیچ شماری نمی‌آید.", keys: "Ctrl + Enter هم همین کار را می‌کند.", examples: "نمونه‌ها",
    characters: (n) => `${n} نویسه`, empty: "نخست چیزی بنویسید.", text: "متن و نظرهایش", whole: "همه‌ی پیام", found: (n) => `${n} نظر`,
    noMention: "در این متن نظری پیدا نشد.", took: (n) => `پاسخ در ${n} میلی‌ثانیه`, probabilities: "احتمال احساس پیام", flags: "نشان‌ها", noFlags: "نشانی ندارد",
    sure: { high: "مطمئن", medium: "نسبتاً مطمئن", low: "نامطمئن" },
    sureHint: "در آزمون، از هر ۱۰۰ برچسب «مطمئن» دست‌کم ۹۰ تا، و از هر ۱۰۰ برچسب «مطمئن» یا «نسبتاً مطمئن» دست‌کم ۷۰ تا درست بود.",
    over: (percent) => `بیش از ${percent}`, stale: "متن پس از این پاسخ عوض شده است.", tooMany: "در یک دقیقه بیش از اندازه پرسیده شد؛ کمی بعد دوباره بزنید.", tooLong: "این متن از آنچه سرویس یک‌جا می‌گیرد بلندتر است؛ کوتاه‌ترش کنید.",
    showAll: (n) => `دیدن هر ${n} نظر`,
  },
  en: {
    label: "The text to be tried", placeholder: "Write a sentence, or take one of the examples…", go: "Analyze", busy: "Analyzing…",
    notStored: "This text is stored nowhere and counts in no figure.", keys: "Ctrl + Enter does the same.", examples: "Examples",
    characters: (n) => `${n} characters`, empty: "Write something first.", text: "The text and its mentions", whole: "The whole message", found: (n) => (n === "1" ? "1 mention" : `${n} mentions`),
    noMention: "No mention was found in this text.", took: (n) => `answered in ${n} ms`, probabilities: "Probabilities of the message’s sentiment", flags: "Flags", noFlags: "No flags",
    sure: { high: "sure", medium: "fairly sure", low: "unsure" },
    sureHint: "In testing, at least 90 of 100 labels called “sure” were right, and at least 70 of 100 called “sure” or “fairly sure”.",
    over: (percent) => `over ${percent}`, stale: "The text was changed after this answer.", tooMany: "Too many texts within a minute; try again a little later.", tooLong: "This text is longer than the service takes at once; make it shorter.",
    showAll: (n) => `Show all ${n} mentions`,
  },
};

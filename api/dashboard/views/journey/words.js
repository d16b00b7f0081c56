/** Words of the journey map. */

export const WORDS = {
  fa: {
    map: "نقشه‌ی سفر", asMap: "نقشه", shape: "شکل", step: "مرحله", now: "این دوره", whisker: "بازه‌ی ۹۵٪", size: "اندازه‌ی دایره: حجم",
    good: "خوشنود", bad: "ناخوشنود", peak: "بهترین حال", pit: "بدترین حال",
    feel: "چه حسی دارند", feelHint: "سهم پیام‌های هر هیجان", want: "برای چه می‌نویسند", about: "از چه می‌گویند", pains: "بیشترین نظرهای منفی", painsHint: "نظرهای منفی",
    noFeeling: "بی‌هیجان", noPain: "نظر منفی نیست", noMentions: "نظری نیست", ofVolume: (share) => `${share} حجم`,
    changedTo: "نسبت به دوره‌ی پیش", sure: "معنادار", unsure: "شاید تصادفی", noBefore: "بی دوره‌ی پیش",
    partBefore: (day) => `داده از ${day} آغاز می‌شود؛ دوره‌ی پیش را کامل ندارد.`,
    quietHint: "نظرهایی که از مرحله‌ای نمی‌گویند؛ بیرون از نقشه مانده‌اند.",
    choose: "برای دیدن روند، علت‌ها و دردهای یک مرحله، نامش را در نقشه برگزینید.", details: (stage) => `${stage} از نزدیک`, closeDetails: "بستن جزئیات",
    trend: "روند رضایت خالص", trendLabel: "نمودار رضایت خالص این مرحله در گذر زمان", bucket: "بازه", toMap: "برگشت به نقشه",
    fewIn: { hour: "در هر ساعت نظر کم است", day: "در هر روز نظر کم است", week: "در هر هفته نظر کم است", month: "در هر ماه نظر کم است" },
    shownBy: { day: "؛ روزانه نشان داده شد.", week: "؛ هفتگی نشان داده شد.", month: "؛ ماهانه نشان داده شد." }, onlyVolume: "؛ پس خطی کشیده نشد و تنها حجم دیده می‌شود.",
    why: "چه عوض شد و چرا", painsOf: "از چه ناراضی‌اند", growth: "رشد", times: (ratio) => `×${ratio}`, none: "چیزی نیست.", all: "همه‌ی پیام‌های این مرحله",
    asks: "چه می‌پرسند و می‌خواهند؟", negatives: (n) => `${n} نظر منفی`,
  },
  en: {
    map: "Journey map", asMap: "Map", shape: "Shape", step: "Stage", now: "This period", whisker: "95% interval", size: "Size of the circle: volume",
    good: "satisfied", bad: "dissatisfied", peak: "Best felt", pit: "Worst felt",
    feel: "What they feel", feelHint: "Share of messages with each emotion", want: "Why they write", about: "What they talk about", pains: "Most negative mentions", painsHint: "Negative mentions",
    noFeeling: "No emotion", noPain: "No negative mention", noMentions: "No mentions", ofVolume: (share) => `${share} of volume`,
    changedTo: "against the period before", sure: "significant", unsure: "perhaps by chance", noBefore: "no period before",
    partBefore: (day) => `Data begin on ${day}; the period before is not complete.`,
    quietHint: "Mentions that tell of no stage; left out of the map.",
    choose: "To see a stage’s trend, causes and pains, choose its name in the map.", details: (stage) => `${stage} up close`, closeDetails: "Close the details",
    trend: "Net sentiment over time", trendLabel: "Chart of this stage’s net sentiment over time", bucket: "Period", toMap: "Back to the map",
    fewIn: { hour: "Too few mentions in an hour", day: "Too few mentions in a day", week: "Too few mentions in a week", month: "Too few mentions in a month" },
    shownBy: { day: ": shown by day.", week: ": shown by week.", month: ": shown by month." }, onlyVolume: ": no line is drawn, only their volume is shown.",
    why: "What changed and why", painsOf: "What they dislike", growth: "Growth", times: (ratio) => `×${ratio}`, none: "Nothing.", all: "All messages of this stage",
    asks: "What do they ask and request?", negatives: (n) => `${n} negative`,
  },
};

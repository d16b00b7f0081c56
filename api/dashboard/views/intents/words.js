/** Words of the view of intents. */

export const WORDS = {
  fa: {
    map: "در هر مرحله برای چه می‌نویسند", mapHint: "هر خانه پیام‌های خودش را باز می‌کند؛ نام مرحله را برگزینید تا پایین‌تر از نزدیک ببینیدش.",
    colour: "رنگ از روی", byCount: "تعداد", byShare: "سهم در مرحله", ofStage: "سهم در مرحله", ofAll: "سهم از همه", total: "همه",
    rawOnly: "این جدول همیشه خام است: تصحیح، مرحله و نیت را با هم نمی‌سنجد.", shareHint: "درصد زیر هر رقم سهم آن نیت از نظرهای همان مرحله است.",
    asked: (stage) => `${stage}: چه می‌پرسند، چه می‌خواهند`, askedOfSupport: (stage) => `${stage}: از پشتیبانی چه می‌پرسند، چه می‌خواهند`, everyChannel: "همه‌ی کانال‌ها", supportOnly: (channels) => `تنها پشتیبانی (${channels})`, and: " و ", everywhere: "همه‌ی مرحله‌ها", whichStage: "مرحله", whichIntent: "نیت",
    backToSupport: "بازگشت به پشتیبانی، بی فیلتر کانال",
    asks: "پرسش و درخواست", aboutWhat: "درباره‌ی چه", inWords: "با چه واژه‌هایی", inWordsHint: "واژه‌هایی که این پیام‌ها را از بقیه جدا می‌کند",
    inTheirWords: "با زبان خودشان", ofMessages: (n, all) => `${n} از ${all} پیام`, elsewhere: (share) => `جای دیگر ${share}`, noWords: "واژه‌ی متمایزی نیست.",
    ranking: "رتبه‌ی نیت‌ها", changeOfShare: "تغییر سهم", changeOfNet: "تغییر رضایت", sure: "معنادار", unsure: "شاید تصادفی", noBefore: "بی دوره‌ی پیش", together: "همه‌ی تغییرها یک‌جا سنجیده شده‌اند: «معنادار» آن است که با این همه مقایسه هم بعید است تصادفی باشد. تغییر سهم به واحد درصد است.",
    hours: "چه ساعتی می‌نویسند", hoursCaption: "روزهای هفته و ساعت‌ها", measure: "رنگ ساعت‌ها از روی", byVolume: "حجم", byNet: "رضایت خالص", dayName: "روز",
    withoutTime: (n) => `${n} نظر ساعت ندارد و شمرده نشده است.`,
    few: "کم", many: "زیاد", bad: "ناخوشنود", good: "خوشنود", fewHere: "کمتر از ۳۰ نظر", inMessages: (n) => `در ${n} پیام`,
  },
  en: {
    map: "Why they write at each stage", mapHint: "Every cell opens its messages; choose a stage’s name to see it up close below.",
    colour: "Colour by", byCount: "Count", byShare: "Share of the stage", ofStage: "share of the stage", ofAll: "share of all", total: "All",
    rawOnly: "This table is always raw: stage and intent are not corrected at once.", shareHint: "The percentage below each count is the intent’s share of the stage’s mentions.",
    asked: (stage) => `${stage}: what they ask and request`, askedOfSupport: (stage) => `${stage}: what they ask and request of support`, everyChannel: "All channels", supportOnly: (channels) => `Support only (${channels})`, and: " and ", everywhere: "All stages", whichStage: "Stage", whichIntent: "Intent",
    backToSupport: "Back to support, channel filters off",
    asks: "Questions and requests", aboutWhat: "About what", inWords: "In which words", inWordsHint: "Words that set these messages apart from the rest",
    inTheirWords: "As they say it", ofMessages: (n, all) => `${n} of ${all} messages`, elsewhere: (share) => `${share} elsewhere`, noWords: "No word stands out.",
    ranking: "Intents ranked", changeOfShare: "Change of share", changeOfNet: "Change of net sentiment", sure: "significant", unsure: "perhaps by chance", noBefore: "no period before", together: "All changes are judged together: “significant” is what is unlikely to be chance even among so many comparisons. Changes of share are in percentage points.",
    hours: "When they write", hoursCaption: "Weekdays and hours", measure: "Colour of hours by", byVolume: "Volume", byNet: "Net sentiment", dayName: "Day",
    withoutTime: (n) => `${n} mentions have no time of day and are not counted.`,
    few: "few", many: "many", bad: "dissatisfied", good: "satisfied", fewHere: "fewer than 30 mentions", inMessages: (n) => `in ${n} messages`,
  },
};

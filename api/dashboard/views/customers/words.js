/** Words of one customer's way. */

export const WORDS = {
  fa: {
    customer: "مشتری", channels: "کانال‌ها", stretch: "زمان", when: "زمان",
    whyKey: "این شناسه از شماره یا نشانی مشتری ساخته شده و کسی نمی‌تواند آن را برگرداند؛ همین شناسه در همه‌ی کانال‌ها یک مشتری است.",
    whole: "اینجا همه‌ی پیام‌های او آمده است، جدا از دوره و فیلترها.",
    copy: "کپی شناسه", copied: "کپی شد", wholeKey: "شناسه‌ی کامل", missing: "مشتری‌ای با این شناسه پیامی ندارد.",
    lanes: "در گذر زمان، کانال به کانال", lanesHint: "هر نشان یک پیام است؛ رنگ و شکل، احساس آن را می‌گوید. روی نشان بزنید تا خود پیام را ببینید.",
    lanesLabel: "نمودار پیام‌های این مشتری در گذر زمان، هر کانال در یک ردیف", unread: "بدون داوری",
    stages: "مرحله‌هایی که از آن‌ها گذشت", stagesHint: "به ترتیب سفر مشتری. روی هر مرحله بزنید تا فقط پیام‌های همان را ببینید.",
    noStages: "در پیام‌های او از مرحله‌ای سخنی نیست.", steps: "گام به گام",
    later: (length) => `${length} بعد`, together: "هم‌زمان", soon: "کمتر از یک دقیقه بعد", replies: "پاسخ", status: "وضعیت", allSteps: "همه‌ی پیام‌ها",
    only: (stage) => `فقط پیام‌های «${stage}»`, more: "پیام‌های بعدی", shown: (shown, all) => `${shown} از ${all} پیام`,
  },
  en: {
    customer: "Customer", channels: "Channels", stretch: "Time", when: "When",
    whyKey: "This pseudonym is made of the customer’s number or address and cannot be turned back; it is the same over all channels.",
    whole: "All messages of this customer are here, whatever the period and the filters.",
    copy: "Copy the key", copied: "Copied", wholeKey: "Whole key", missing: "No message belongs to a customer with this key.",
    lanes: "Over time, channel by channel", lanesHint: "Each mark is a message; colour and shape tell its sentiment. Click one to read it.",
    lanesLabel: "Chart of this customer’s messages over time, a row for each channel", unread: "not judged",
    stages: "Stages passed", stagesHint: "In the order of the journey. Click a stage to see only its messages.",
    noStages: "No message speaks of a stage.", steps: "Step by step",
    later: (length) => `${length} later`, together: "at the same time", soon: "less than a minute later", replies: "answers", status: "Status", allSteps: "All messages",
    only: (stage) => `Only messages about “${stage}”`, more: "Next messages", shown: (shown, all) => `${shown} of ${all} messages`,
  },
};
